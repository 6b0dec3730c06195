-- What is sold from the first day. Admins edit these rows; nothing here ever overwrites them.
INSERT INTO "plans" ("slug", "name", "kind", "amount_minor", "currency", "interval", "max_devices", "seats", "updates_months", "renewal_amount_minor", "trial_days", "entitlements", "position") VALUES
  ('free', 'Free', 'perpetual', 0, 'usd', NULL, 0, false, NULL, NULL, 0, '{local-models}', 0),
  ('pro', 'Pro', 'perpetual', 49900, 'usd', NULL, 3, false, 24, 19900, 0, '{local-models,remote-models,parallel-execution,priority-support}', 1),
  ('pro-monthly', 'Pro monthly', 'subscription', 1900, 'usd', 'month', 3, false, NULL, NULL, 0, '{local-models,remote-models,parallel-execution,priority-support}', 2),
  ('enterprise', 'Enterprise', 'perpetual', 199900, 'usd', NULL, 3, true, 36, 79900, 0, '{local-models,remote-models,parallel-execution,priority-support,sso,sla,custom-integrations}', 3)
ON CONFLICT ("slug") DO NOTHING;

-- What a fresh installation promises, until an admin decides otherwise. Minutes of the calendar: an office day has 480.
INSERT INTO "business_calendars" ("id", "name", "time_zone", "hours") VALUES
  ('cal_office', 'Office hours', 'UTC', '[[{"from":540,"to":1020}],[{"from":540,"to":1020}],[{"from":540,"to":1020}],[{"from":540,"to":1020}],[{"from":540,"to":1020}],[],[]]'),
  ('cal_always', 'Around the clock', 'UTC', '[[{"from":0,"to":1440}],[{"from":0,"to":1440}],[{"from":0,"to":1440}],[{"from":0,"to":1440}],[{"from":0,"to":1440}],[{"from":0,"to":1440}],[{"from":0,"to":1440}]]')
ON CONFLICT DO NOTHING;
--> statement-breakpoint
INSERT INTO "sla_policies" ("id", "plan", "priority", "calendar_id", "first_response_minutes", "next_response_minutes", "resolution_minutes") VALUES
  ('slp_enterprise_urgent', 'enterprise', 'urgent', 'cal_always', 60, 60, 480),
  ('slp_enterprise_high', 'enterprise', 'high', 'cal_office', 120, 120, 960),
  ('slp_enterprise_normal', 'enterprise', 'normal', 'cal_office', 240, 240, 1920),
  ('slp_enterprise_low', 'enterprise', 'low', 'cal_office', 480, 480, 4800),
  ('slp_pro_urgent', 'pro', 'urgent', 'cal_office', 240, 240, 1440),
  ('slp_pro_high', 'pro', 'high', 'cal_office', 480, 480, 2400),
  ('slp_pro_normal', 'pro', 'normal', 'cal_office', 960, 960, 4800),
  ('slp_pro_low', 'pro', 'low', 'cal_office', 1440, 1440, NULL),
  ('slp_free_urgent', 'free', 'urgent', 'cal_office', 960, 960, NULL),
  ('slp_free_high', 'free', 'high', 'cal_office', 1440, 1440, NULL),
  ('slp_free_normal', 'free', 'normal', 'cal_office', 1440, 1440, NULL),
  ('slp_free_low', 'free', 'low', 'cal_office', 2400, 2400, NULL)
ON CONFLICT DO NOTHING;

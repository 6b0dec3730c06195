#!/bin/sh
# Starts OpenStack Swift with its S3 API on 127.0.0.1:18680, for storage.test.ts. Needs root and Debian's packages:
#   apt-get install --no-install-recommends swift-proxy swift-account swift-container swift-object memcached
# Make a bucket (CreateBucket), then:
#   S3_TEST_ENDPOINT=http://127.0.0.1:18680 S3_TEST_BUCKET=devforge S3_TEST_ACCESS_KEY_ID=test:tester \
#     S3_TEST_SECRET_ACCESS_KEY=testing npx vitest run tests/files/storage.test.ts
# Ends with Ctrl-C.
set -eu
dir=$(mktemp -d)
mkdir -p "$dir/srv/d1" /etc/swift
cd "$dir"
cat > /etc/swift/swift.conf <<END
[swift-hash]
swift_hash_path_suffix = test
swift_hash_path_prefix = test
[storage-policy:0]
name = Policy-0
default = yes
END
for service in account:18602 container:18601 object:18600; do
  name=${service%%:*} port=${service##*:}
  cat > "$name-server.conf" <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
workers = 0
devices = $dir/srv
mount_check = false
swift_dir = $dir
user = root
[pipeline:main]
pipeline = server
[app:server]
use = egg:swift#$name
END
  swift-ring-builder "$name.builder" create 4 1 1
  swift-ring-builder "$name.builder" add --region 1 --zone 1 --ip 127.0.0.1 --port "$port" --device d1 --weight 1
  swift-ring-builder "$name.builder" rebalance
done
cat > proxy-server.conf <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = 18680
workers = 0
swift_dir = $dir
user = root
[pipeline:main]
pipeline = catch_errors cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:18611
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
END
memcached -u root -l 127.0.0.1 -p 18611 &
pids=$!
for name in account container object proxy; do
  "swift-$name-server" "$dir/$name-server.conf" &
  pids="$pids $!"
done
trap 'kill $pids; rm -rf "$dir"' EXIT INT TERM
wait

#!/bin/sh
# Creates the two databases of Temporal, or brings them up to this version.
set -eu
for database in temporal temporal_visibility; do
  tool="temporal-sql-tool --plugin postgres12 --ep postgresql -p 5432 -u postgres --db $database"
  folder="${database#temporal_}"
  $tool create
  $tool setup-schema -v 0.0
  $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$folder/versioned"
done

-- Snowflake: delays of one day by the hour of departure.
SELECT
  CAST(:interval_start AS DATE) AS flight_date,
  CAST(EXTRACT(HOUR FROM departure) AS INTEGER) AS flight_hour,
  CAST(COUNT(*) AS INTEGER) AS flights,
  CAST(SUM(delay) AS INTEGER) AS total_delay
FROM airline.flights
WHERE departure >= :interval_start AND departure < :interval_end
GROUP BY CAST(EXTRACT(HOUR FROM departure) AS INTEGER)

-- Athena: the routes of one day, from the files that Glue knows.
SELECT
  CAST(departure AS DATE) AS flight_date,
  origin,
  destination,
  COUNT(*) AS flights,
  SUM(delay) AS total_delay
FROM airline.flights
WHERE timelabel = :timelabel
GROUP BY CAST(departure AS DATE), origin, destination

-- Athena: arrivals of the newest day by airport; the table is made anew for each day.
SELECT
  flight_date,
  destination,
  SUM(flights) AS flights,
  SUM(total_delay) AS total_delay
FROM marts.routes
WHERE timelabel = :timelabel
GROUP BY flight_date, destination

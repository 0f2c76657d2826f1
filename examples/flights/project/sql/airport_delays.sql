-- Delays of one day by the airport of departure.
SELECT
  CAST(:interval_start AS DATE) AS flight_date,
  a.iata,
  a.name AS airport,
  a.city,
  a.state,
  COUNT(*) AS flights,
  SUM(CASE WHEN f.delay > 15 THEN 1 ELSE 0 END) AS late_flights,
  SUM(f.delay) AS total_delay,
  MAX(f.delay) AS longest_delay,
  CAST(SUM(f.delay) * 1.0 / COUNT(*) AS DECIMAL(10, 2)) AS mean_delay
FROM analytics.flights AS f
JOIN analytics.airports AS a ON a.iata = f.origin
WHERE f.departure >= :interval_start AND f.departure < :interval_end
GROUP BY a.iata, a.name, a.city, a.state

-- Redshift: delays of one day by the airport of departure. Sales knows the report by one field, its id.
SELECT
  a.iata || '-' || :timelabel AS report_id,
  CAST(:interval_start AS DATE) AS flight_date,
  a.name AS airport,
  COUNT(*) AS flights,
  SUM(f.delay) AS total_delay,
  MAX(f.delay) AS longest_delay
FROM airline.flights AS f
JOIN airline.airports AS a ON a.iata = f.origin
WHERE f.departure >= :interval_start AND f.departure < :interval_end
GROUP BY a.iata, a.name

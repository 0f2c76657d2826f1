-- The day's hubs, as the planning service ranked them, with their delays.
SELECT
  h.flight_date,
  h.hub_rank,
  d.iata,
  d.airport,
  d.flights,
  d.late_flights,
  d.mean_delay
FROM planning.hubs AS h
JOIN marts.airport_delays AS d ON d.flight_date = h.flight_date AND d.iata = h.iata
WHERE h.flight_date = CAST(:interval_start AS DATE)

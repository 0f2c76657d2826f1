-- Athena: routes of one day whose flights were a quarter of an hour late on average. Worth knowing, and no reason to wait.
SELECT origin, destination, total_delay
FROM marts.routes
WHERE timelabel = :timelabel AND total_delay >= 15 * flights

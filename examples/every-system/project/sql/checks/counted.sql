-- Athena: routes of one day without a flight. There must be none.
SELECT origin, destination
FROM marts.routes
WHERE timelabel = :timelabel AND flights < 1

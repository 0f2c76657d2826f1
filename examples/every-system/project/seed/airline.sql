create table flights (departure timestamp not null, delay integer not null, distance integer not null, origin text not null, destination text not null);
create table airports (iata text primary key, name text not null, city text, state text, country text not null, latitude double precision not null, longitude double precision not null);

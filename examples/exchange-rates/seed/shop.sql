create table if not exists payments (id bigint primary key, day date not null, currency text not null, amount numeric not null);
create table if not exists daily_rates (
  day date not null, currency text not null, rate numeric(20, 10) not null, revision int not null,
  primary key (day, currency)
);

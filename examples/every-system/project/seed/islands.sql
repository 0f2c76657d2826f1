create table flights (departure datetime not null, delay int not null, distance int not null, origin varchar(3) not null, destination varchar(3) not null);

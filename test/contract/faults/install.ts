/** Runs once in every process, before the clients of its suites are loaded. */
import { interceptDatabases } from './database-connections.ts';
import { hurryTimers } from './hurried-timers.ts';
import { interceptRequests } from './http-requests.ts';

interceptRequests();
interceptDatabases();
hurryTimers();

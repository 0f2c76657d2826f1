/** Runs in every suite before its clients are loaded. */
import { interceptDatabases } from './database-connections.ts';
import { hurryTimers } from './hurried-timers.ts';
import { interceptRequests } from './http-requests.ts';

interceptRequests();
interceptDatabases();
hurryTimers();

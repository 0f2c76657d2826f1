/** Runs in every suite before its clients are loaded. */
import { hurryTimers } from './hurried-timers.ts';
import { interceptRequests } from './http-requests.ts';

interceptRequests();
hurryTimers();

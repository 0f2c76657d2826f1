/*
 * The SDK notes where each promise of a workflow was made, for the query `__stack_trace`, and looks every frame up in a source map: two fifths
 * of what a burst of runs costs the thread of workflows (docs/performance.md, "What was tried"). Without frames there is nothing to look up. A worker
 * that is asked for stacks does not load this module.
 */
Error.stackTraceLimit = 0;

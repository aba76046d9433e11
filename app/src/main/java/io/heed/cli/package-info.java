/**
 * The {@code heed} command: one class a subcommand, which reads options and calls the part that does the work.
 */
package io.heed.cli;

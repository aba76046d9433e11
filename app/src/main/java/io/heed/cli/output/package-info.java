/** What the command writes to a terminal: figures as people read them, tables, and where progress goes. */
package io.heed.cli.output;

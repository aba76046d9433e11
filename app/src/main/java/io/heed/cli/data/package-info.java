/** Data sets: which ones Heed reads, and where they are found: {@code heed data}. */
package io.heed.cli.data;

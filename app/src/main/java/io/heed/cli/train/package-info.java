/** Training one language model and letting it write: {@code heed train} and {@code heed generate}. */
package io.heed.cli.train;

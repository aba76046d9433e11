/** Training one model, and letting a language model write: {@code heed train} and {@code heed generate}. */
package io.heed.cli.train;

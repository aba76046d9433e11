/** Looking into a trained model on a text, as a table and as a page: {@code heed inspect}. */
package io.heed.cli.inspect;

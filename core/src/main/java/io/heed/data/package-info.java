/**
 * Data that more than one family uses: text from a file, WordNet glosses, and the MQAR generator. Sampling is
 * stateless: a minibatch is a function of a 64-bit key, so any step can be drawn again.
 */
package io.heed.data;

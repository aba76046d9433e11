/**
 * Keys and values of many sequences in pages of one pool, taken by need; full pages of equal prompts are stored once.
 */
package io.heed.inference.cache;

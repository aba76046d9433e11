/**
 * Trained language models: how they are read, run, batched and served, and the attention policies that change what they
 * attend to. One package a system below.
 */
package io.heed.inference;

/**
 * What attention reads of the cache. A policy computes one layer's attention for the heads it was given: of a prompt's
 * chunk, and of the new token of several sequences. {@link io.heed.inference.attention.AttentionPlan} says which policy
 * which heads of which layers take.
 */
package io.heed.inference.attention;

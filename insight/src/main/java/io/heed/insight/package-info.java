/**
 * Looking into models: probes of attention maps and hidden states, ablation, and what training makes of attention. One
 * package a system below.
 */
package io.heed.insight;

/** Layers that more than one system needs: norms, positions, perceptrons, attention, initial weights. */
package io.heed.nn;

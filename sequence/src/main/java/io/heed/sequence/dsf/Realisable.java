package io.heed.sequence.dsf;

import org.bytedeco.pytorch.Tensor;

/** A mixer that can be written as a linear time-varying system. */
public interface Realisable {
    /**
     * The system whose outputs are the mixer's on this input. Its matrices grow as L N D, so this is for short inputs.
     *
     * @param x (L, D), one sequence
     */
    LinearSystem system(Tensor x);
}

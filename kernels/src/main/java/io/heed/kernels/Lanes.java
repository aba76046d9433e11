package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width of every kernel, fixed when the first kernel loads so that the compiler can treat it as a constant.
 * The machine's widest is taken unless the system property {@value #PROPERTY} says 128, 256 or 512.
 */
final class Lanes {
    static final String PROPERTY = "heed.vector.bits";

    static final VectorSpecies<Float> FLOAT = choose();
    static final VectorSpecies<Integer> INT = VectorSpecies.of(int.class, FLOAT.vectorShape());

    /** Floats in one vector. */
    static final int COUNT = FLOAT.length();

    private Lanes() { }

    private static VectorSpecies<Float> choose() {
        String bits = System.getProperty(PROPERTY);
        if (bits == null || bits.isBlank()) {
            VectorSpecies<Float> widest = FloatVector.SPECIES_PREFERRED;
            return widest.vectorBitSize() > 512 ? FloatVector.SPECIES_512 : widest;
        }
        return switch (bits.strip()) {
            case "128" -> FloatVector.SPECIES_128;
            case "256" -> FloatVector.SPECIES_256;
            case "512" -> FloatVector.SPECIES_512;
            default -> throw new IllegalArgumentException(
                    "-D" + PROPERTY + "=" + bits + ": must be 128, 256 or 512");
        };
    }
}

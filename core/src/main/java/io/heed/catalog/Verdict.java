package io.heed.catalog;

/**
 * What a study found.
 *
 * @param outcome whether the claim held
 * @param reason  why, in one sentence with the deciding numbers
 */
public record Verdict(Outcome outcome, String reason) {
    /** Whether a claim held. */
    public enum Outcome {
        REPRODUCED("reproduced"), PARTLY("partly reproduced"), NOT_REPRODUCED("not reproduced");

        private final String text;

        Outcome(String text) {
            this.text = text;
        }

        /** As people read it. */
        public String text() {
            return text;
        }
    }

    /** {@code reproduced: 1.8x against the claimed 1.17x}. */
    @Override
    public String toString() {
        return outcome.text() + ": " + reason;
    }
}

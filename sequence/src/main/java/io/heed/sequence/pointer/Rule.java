package io.heed.sequence.pointer;

/** Which answers a beam may go on with. */
enum Rule {
    /** A closed tour through every point. */
    TSP {
        @Override
        void restrict(float[] scores, int[] chosen, int steps, int points) {
            if (steps == 0) {
                hide(scores, 0);
                return;
            }
            if (isFinished(chosen, steps)) {
                keepEnd(scores);
                return;
            }
            boolean[] visited = new boolean[scores.length];
            for (int i = 0; i < steps; i++) {
                visited[chosen[i]] = true;
            }
            boolean all = true;
            for (int j = 1; j <= points; j++) {
                all &= visited[j];
            }
            for (int j = 0; j < scores.length; j++) {
                boolean open = all ? j == chosen[0] : j > 0 && j <= points && !visited[j];
                if (!open) {
                    hide(scores, j);
                }
            }
        }
    },
    /**
     * Three different corners first; then no corner twice but the first, which closes the polygon; the end at any time.
     */
    CONVEX_HULL {
        @Override
        void restrict(float[] scores, int[] chosen, int steps, int points) {
            if (steps < 3) {
                hide(scores, 0);
                for (int i = 0; i < steps; i++) {
                    hide(scores, chosen[i]);
                }
            } else if (isFinished(chosen, steps)) {
                keepEnd(scores);
            } else {
                for (int i = 1; i < steps; i++) {
                    hide(scores, chosen[i]);
                }
            }
        }
    },
    /** Triangles: the end only after whole ones. */
    DELAUNAY {
        @Override
        void restrict(float[] scores, int[] chosen, int steps, int points) {
            for (int i = 0; i < steps; i++) {
                if (chosen[i] == 0) {
                    keepEnd(scores);
                    return;
                }
            }
            if (steps % 3 != 0 || steps == 0) {
                hide(scores, 0);
            }
        }

        @Override
        int mostSteps(int points) {
            return 3 * 2 * points + 2; // a triangulation has less than 2 n triangles
        }
    };

    /**
     * Sets the scores of answers that are not allowed to -infinity.
     *
     * @param scores of the answers 0 to N
     * @param chosen the beam's answers so far
     * @param steps  how many
     * @param points points of its set
     */
    abstract void restrict(float[] scores, int[] chosen, int steps, int points);

    /** Most steps for sets of up to {@code points}. */
    int mostSteps(int points) {
        return points + 2; // the first repeated, and the end
    }

    /**
     * The rule called {@code name} in golden cases and options.
     *
     * @throws IllegalArgumentException when there is none
     */
    static Rule named(String name) {
        return switch (name) {
            case "tsp" -> TSP;
            case "convex-hull" -> CONVEX_HULL;
            case "delaunay" -> DELAUNAY;
            default -> throw new IllegalArgumentException("unknown task '" + name
                    + "': must be tsp, convex-hull or delaunay");
        };
    }

    /** Whether the end or the first answer came again. */
    static boolean isFinished(int[] chosen, int steps) {
        for (int i = 0; i < steps; i++) {
            if (chosen[i] == 0 || i > 0 && chosen[i] == chosen[0]) {
                return true;
            }
        }
        return false;
    }

    private static void keepEnd(float[] scores) {
        for (int j = 1; j < scores.length; j++) {
            hide(scores, j);
        }
    }

    private static void hide(float[] scores, int answer) {
        scores[answer] = Float.NEGATIVE_INFINITY;
    }
}

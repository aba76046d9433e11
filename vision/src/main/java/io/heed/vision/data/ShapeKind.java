package io.heed.vision.data;

import java.util.Locale;

/** The shapes that {@link Shapes} draws, as regions of the square [-1, 1] x [-1, 1] that touch its inscribed circle. */
public enum ShapeKind {
    DISC, RING, CRESCENT, SQUARE, TRIANGLE, CROSS, STAR, HEART;

    private static final double HALF_SQUARE = Math.sqrt(0.5);

    /** Whether the point belongs to the shape. */
    boolean contains(double x, double y) {
        double radius = x * x + y * y;
        return switch (this) {
            case DISC -> radius <= 1;
            case RING -> radius <= 1 && radius >= 0.36;
            case CRESCENT -> radius <= 1 && (x - 0.5) * (x - 0.5) + y * y > 0.64;
            case SQUARE -> Math.abs(x) <= HALF_SQUARE && Math.abs(y) <= HALF_SQUARE;
            case TRIANGLE -> y <= 0.5 && Math.abs(x) * Math.sqrt(3) <= y + 1;
            case CROSS -> Math.abs(x) <= 0.3 && Math.abs(y) <= 0.95 || Math.abs(y) <= 0.3 && Math.abs(x) <= 0.95;
            case STAR -> inStar(x, y);
            case HEART -> inHeart(x, -y);
        };
    }

    /** As people read it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Five points: in each fifth of the circle, the part inside the line from a tip to the notch beside it. */
    private static boolean inStar(double x, double y) {
        double fifth = 2 * Math.PI / 5;
        double angle = Math.atan2(x, -y);
        double fromTip = Math.abs(angle - fifth * Math.round(angle / fifth));
        double radius = Math.hypot(x, y);
        double notch = 0.382;
        double half = fifth / 2;
        // the line through (1, 0) and notch * (cos half, sin half), in coordinates along the tip
        double dx = notch * Math.cos(half) - 1;
        double dy = notch * Math.sin(half);
        return (radius * Math.cos(fromTip) - 1) * dy - radius * Math.sin(fromTip) * dx <= 0;
    }

    private static boolean inHeart(double x, double y) {
        double sx = 1.2 * x;
        double sy = 1.2 * y + 0.1;
        double a = sx * sx + sy * sy - 1;
        return a * a * a - sx * sx * sy * sy * sy <= 0;
    }
}

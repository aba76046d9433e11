package io.heed.kernels;

/** Checks that run before any memory is touched; each message names the argument and both numbers. */
final class Arguments {
    private Arguments() { }

    static void required(String name, Object argument) {
        if (argument == null) {
            throw new IllegalArgumentException(name + " is missing");
        }
    }

    /** Checks the shape of {@code view}; null, an absent optional view, passes. */
    static void shape(String name, Rows view, int batch, int heads, int rows, int width) {
        if (view == null) {
            return;
        }
        equal(name + " batch", view.batch(), batch);
        equal(name + " heads", view.heads(), heads);
        equal(name + " rows", view.rows(), rows);
        equal(name + " width", view.width(), width);
    }

    static void equal(String name, long got, long want) {
        if (got != want) {
            throw new IllegalArgumentException(name + " is " + got + ", must be " + want);
        }
    }

    static void range(String name, long got, long least, long most) {
        if (got < least || got > most) {
            throw new IllegalArgumentException(name + " is " + got + ", must be " + least + " to " + most);
        }
    }
}

package io.heed.bench;

/** The other side of a measurement cannot be had on this machine; the message says why in one line. */
public final class Unavailable extends Exception {
    Unavailable(String message) {
        super(message);
    }
}

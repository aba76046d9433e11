package io.heed.sequence;

/**
 * An option that a mixer understands.
 *
 * @param name     as written in a config, e.g. {@code window}
 * @param standard what it is when not given, as text
 * @param line     what it does
 */
public record MixerOption(String name, String standard, String line) { }

package io.heed.sequence;

import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.heed.train.NearestName;

/** Reads a mixer's options with clear errors. */
public final class MixerOptions {
    private final Map<String, String> options;

    private MixerOptions(Map<String, String> options) {
        this.options = options;
    }

    /** The options of {@code config}. */
    public static MixerOptions of(MixerConfig config) {
        return of(config.options());
    }

    /** These options. */
    public static MixerOptions of(Map<String, String> options) {
        return new MixerOptions(options);
    }

    /**
     * Checks the options' names.
     *
     * @param mixer   the mixer's id
     * @param options what it was given
     * @param known   what it understands
     * @throws IllegalArgumentException for an option that the mixer does not have, with the nearest that it has
     */
    public static void check(String mixer, Map<String, String> options, List<MixerOption> known) {
        List<String> names = known.stream().map(MixerOption::name).toList();
        for (String name : options.keySet()) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException(NearestName.unknown("option '" + name + "' of mixer " + mixer, name,
                        names));
            }
        }
    }

    /** Text, or {@code standard} where not given. */
    public String text(String name, String standard) {
        return options.getOrDefault(name, standard);
    }

    /** A whole number, or {@code standard} where not given. */
    public int integer(String name, int standard) {
        String text = options.get(name);
        try {
            return text == null ? standard : Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            throw wrong(name, text, "a whole number");
        }
    }

    /** A number, or {@code standard} where not given. */
    public double number(String name, double standard) {
        String text = options.get(name);
        try {
            return text == null ? standard : Double.parseDouble(text.strip());
        } catch (NumberFormatException e) {
            throw wrong(name, text, "a number");
        }
    }

    /** {@code true} or {@code false}, or {@code standard} where not given. */
    public boolean flag(String name, boolean standard) {
        String text = options.get(name);
        if (text == null) {
            return standard;
        }
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on" -> true;
            case "false", "no", "off" -> false;
            default -> throw wrong(name, text, "true or false");
        };
    }

    /** One of the names of {@code choices} in lower case with hyphens, or {@code standard} where not given. */
    public <E extends Enum<E>> E choice(String name, Class<E> choices, E standard) {
        String text = options.get(name);
        if (text == null) {
            return standard;
        }
        StringBuilder known = new StringBuilder();
        for (E choice : choices.getEnumConstants()) {
            String written = choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (written.equals(text.strip().toLowerCase(Locale.ROOT).replace('_', '-'))) {
                return choice;
            }
            known.append(known.isEmpty() ? "" : ", ").append(written);
        }
        throw wrong(name, text, "one of " + known);
    }

    private static IllegalArgumentException wrong(String name, String text, String wanted) {
        return new IllegalArgumentException("option " + name + "=" + text + ": must be " + wanted);
    }
}

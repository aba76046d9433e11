package io.heed.sequence;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Form;
import io.heed.nn.Padding;

/**
 * Reads the config of a golden case, whose values are written for people: a key may be missing or null, and a text may
 * carry a number, as in {@code layernorm eps 1e-5}.
 *
 * @param json the config object
 */
public record GoldenConfig(JsonNode json) {
    private static final java.util.regex.Pattern EPSILON =
            java.util.regex.Pattern.compile("eps\\s*=?\\s*([-+.0-9eE]+)");

    private static final java.util.regex.Pattern TRUE_IS_PADDED =
            java.util.regex.Pattern.compile("true\\s*(=|is|:|means)\\s*(a\\s+)?(pad|mask|hidden|ignore)");

    /** A text, in lower case; empty when missing, null, false or {@code none}. */
    public Optional<String> text(String key) {
        JsonNode value = json.path(key);
        if (value.isMissingNode() || value.isNull() || value.isBoolean() && !value.booleanValue()) {
            return Optional.empty();
        }
        String text = value.asText().strip().toLowerCase(Locale.ROOT);
        return text.isEmpty() || text.equals("none") || text.equals("null") ? Optional.empty() : Optional.of(text);
    }

    /** A whole number, or {@code standard} when missing or null. */
    public int integer(String key, int standard) {
        return present(key) ? json.path(key).asInt() : standard;
    }

    /** A whole number. */
    public int integer(String key) {
        if (!present(key)) {
            throw new IllegalArgumentException("the golden case's config has no '" + key + "'");
        }
        return json.path(key).asInt();
    }

    /** A number, or {@code standard} when missing or null. */
    public double number(String key, double standard) {
        return present(key) ? json.path(key).asDouble() : standard;
    }

    /** A flag, or {@code standard} when missing or null. */
    public boolean flag(String key, boolean standard) {
        return present(key) ? json.path(key).asBoolean() : standard;
    }

    /** The eps that the text under {@code key} names, or {@code standard}. */
    public double epsilon(String key, double standard) {
        Matcher matcher = EPSILON.matcher(text(key).orElse(""));
        return matcher.find() ? Double.parseDouble(matcher.group(1)) : standard;
    }

    /**
     * The padding that the input {@code padding_mask} (B, N) describes: true at a real token, unless the config says
     * {@code true = padded}; empty without such an input.
     */
    public Optional<Padding> padding(Map<String, Tensor> inputs) {
        Tensor mask = inputs.get("padding_mask");
        if (mask == null) {
            return Optional.empty();
        }
        String said = text("padding").orElse("") + " " + text("mask").orElse("");
        return Optional.of(new Padding(TRUE_IS_PADDED.matcher(said).find() ? mask : mask.logical_not()));
    }

    /** A context of this form with the padding of {@link #padding}. */
    public MixerContext context(Map<String, Tensor> inputs, Form form) {
        return padding(inputs).map(MixerContext.of(form)::withPadding).orElseGet(() -> MixerContext.of(form));
    }

    private boolean present(String key) {
        return json.hasNonNull(key);
    }
}

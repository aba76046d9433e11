package io.heed.inference.text;

import java.util.Arrays;
import java.util.List;

/**
 * Turns the tokens of an answer into text as they arrive. Bytes that are not yet a character, and text that may be the
 * beginning of a stop string, are held back until it is clear what they are; the stop string itself is never handed on.
 */
public final class TextAssembler {
    /** Tokens of the prompt that stand before the answer when it is decoded: what they do to spaces is then right. */
    private static final int CONTEXT = 6;
    private static final String INCOMPLETE = "\uFFFD";
    /** Tokens that may wait for the rest of a character; more than these are no beginning of one. */
    private static final int PATIENCE = 12;

    private final TextTokenizer tokenizer;
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private int[] ids;
    private int count;
    private int from; // first token that is decoded
    private int read; // first token whose text is not in the answer yet
    private boolean stopped;

    /**
     * @param prompt the tokens before the answer
     * @param stops  strings that end the answer
     */
    public TextAssembler(TextTokenizer tokenizer, int[] prompt, List<String> stops) {
        this.tokenizer = tokenizer;
        this.stops = stops.stream().filter(stop -> !stop.isEmpty()).toList();
        int context = Math.min(CONTEXT, prompt.length);
        ids = Arrays.copyOfRange(prompt, prompt.length - context, prompt.length + 64);
        count = context;
        read = context;
    }

    /** Takes a token; the text that is certain now, perhaps none. */
    public String push(int id) {
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, 2 * count);
        }
        ids[count++] = id;
        String before = tokenizer.decode(Arrays.copyOfRange(ids, from, read));
        String text = tokenizer.decode(Arrays.copyOfRange(ids, from, count));
        if (text.length() <= before.length() || text.endsWith(INCOMPLETE) && count - read <= PATIENCE) {
            return "";
        }
        from = read;
        read = count;
        return take(text.substring(before.length()));
    }

    /** Whether a stop string came. */
    public boolean isStopped() {
        return stopped;
    }

    /** What was held back, at the end. */
    public String finish() {
        if (stopped) {
            return "";
        }
        String before = tokenizer.decode(Arrays.copyOfRange(ids, from, read));
        String text = tokenizer.decode(Arrays.copyOfRange(ids, from, count));
        String rest = text.length() > before.length() ? take(text.substring(before.length())) : "";
        if (!stopped) {
            rest += held;
        }
        held.setLength(0);
        return rest;
    }

    private String take(String text) {
        if (stopped) {
            return "";
        }
        held.append(text);
        int first = -1;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            first = at >= 0 && (first < 0 || at < first) ? at : first;
        }
        stopped = first >= 0;
        int safe = stopped ? first : held.length() - longestBeginning();
        String certain = held.substring(0, safe);
        held.delete(0, stopped ? held.length() : safe);
        return certain;
    }

    /** Length of the longest end of the held text that begins a stop string. */
    private int longestBeginning() {
        int longest = 0;
        for (String stop : stops) {
            for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
                if (stop.startsWith(held.substring(held.length() - n))) {
                    longest = n;
                }
            }
        }
        return longest;
    }
}

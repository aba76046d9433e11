package io.heed.inference.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.heed.inference.model.ModelException;

/** A model's {@code tokenizer.json}. Safe for use by several threads. */
public final class TextTokenizer implements AutoCloseable {
    static {
        // the native library comes out of the jar; nothing may be fetched or reported at run time
        setDefault("RUST_FLAVOR", "cpu");
        setDefault("ai.djl.offline", "true");
        setDefault("OPT_OUT_TRACKING", "true");
    }

    private final HuggingFaceTokenizer tokenizer;
    private final int size;
    private final boolean mayDrop;
    private final TokenBytes bytes;

    private TextTokenizer(HuggingFaceTokenizer tokenizer, JsonNode root) {
        this.tokenizer = tokenizer;
        size = size(root);
        mayDrop = mayDrop(root);
        bytes = new TokenBytes(root, size);
    }

    /**
     * Reads {@code tokenizer.json} of a model folder.
     *
     * @throws IOException in one line when it is missing or malformed
     */
    public static TextTokenizer open(Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        if (!Files.isRegularFile(file)) {
            throw new ModelException(file, "no such file: text needs the model's tokenizer");
        }
        try {
            JsonNode root = new ObjectMapper().readTree(Files.readAllBytes(file));
            HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.builder().optTokenizerPath(file).optTruncation(false)
                    .optPadding(false).build();
            return new TextTokenizer(tokenizer, root);
        } catch (JsonProcessingException e) {
            throw new ModelException(file, "is not valid JSON: " + e.getOriginalMessage().lines().findFirst()
                    .orElse(""), e);
        } catch (RuntimeException e) {
            throw new ModelException(file, "is no tokenizer: " + String.valueOf(e.getMessage()).lines().findFirst()
                    .orElse(""),
                    e);
        }
    }

    private static void setDefault(String key, String value) {
        if (System.getProperty(key) == null && System.getenv(key) == null) {
            System.setProperty(key, value);
        }
    }

    private static int size(JsonNode root) {
        int size = 0;
        JsonNode vocabulary = root.path("model").path("vocab");
        if (vocabulary.isArray()) {
            size = vocabulary.size();
        }
        for (JsonNode id : vocabulary) {
            size = id.isInt() ? Math.max(size, id.asInt() + 1) : size;
        }
        for (JsonNode token : root.path("added_tokens")) {
            size = Math.max(size, token.path("id").asInt(-1) + 1);
        }
        return size;
    }

    /** A BPE model without unknown token or bytes to fall back on drops what it does not know without a word. */
    private static boolean mayDrop(JsonNode root) {
        JsonNode model = root.path("model");
        boolean bytes = model.path("byte_fallback").asBoolean(false) || root.path("pre_tokenizer").toString()
                .contains("ByteLevel");
        return model.path("type").asText("BPE").equals("BPE") && !model.path("unk_token").isTextual() && !bytes;
    }

    /** One more than the largest id that stands for something. */
    public int size() {
        return size;
    }

    /**
     * The tokens of a text.
     *
     * @param special whether to add the special tokens that the model expects around a text
     * @throws IllegalArgumentException when the vocabulary lacks a character of the text
     */
    public int[] encode(String text, boolean special) {
        Encoding encoding = tokenizer.encode(text, special, false);
        if (mayDrop) {
            checkComplete(text, encoding);
        }
        return Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
    }

    private static void checkComplete(String text, Encoding encoding) {
        int points = text.codePointCount(0, text.length());
        boolean[] covered = new boolean[points];
        for (CharSpan span : encoding.getCharTokenSpans()) {
            if (span != null) {
                Arrays.fill(covered, Math.clamp(span.getStart(), 0, points), Math.clamp(span.getEnd(), 0, points),
                        true);
            }
        }
        int[] all = text.codePoints().toArray();
        for (int i = 0; i < points; i++) {
            if (!covered[i] && !Character.isWhitespace(all[i])) {
                throw new IllegalArgumentException("the model's tokenizer has no token for '"
                        + Character.toString(all[i])
                        + "' (character " + (i + 1) + " of the text)");
            }
        }
    }

    /** The text of tokens; special tokens, and ids that stand for nothing, are left out. */
    public String decode(int[] ids) {
        long[] known = Arrays.stream(ids).filter(id -> id >= 0 && id < size).asLongStream().toArray();
        return known.length == 0 ? "" : tokenizer.decode(known, true);
    }

    /** The bytes that a token stands for, the space before a word and a special token's name included. */
    public byte[] bytes(int id) {
        return bytes.of(id);
    }

    /** What a token stands for as text, or as {@code bytes:\\xE2\\x98} where its bytes are no text. */
    public String text(int id) {
        return TokenBytes.text(bytes.of(id));
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}

package io.heed.inference.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;

/** What single tokens of a {@code tokenizer.json} stand for, the space before a word included. */
final class TokenBytes {
    private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");
    private static final String WORD_SPACE = "\u2581";
    /** GPT-2's alphabet, in which a byte is a printable character. */
    private static final Map<Character, Byte> BYTE_LEVEL = byteLevel();

    private final String[] pieces;
    private final boolean[] literal;
    private final boolean byteLevel;
    private final boolean wordSpaces;

    TokenBytes(JsonNode root, int size) {
        pieces = new String[size];
        literal = new boolean[size];
        JsonNode vocabulary = root.path("model").path("vocab");
        if (vocabulary.isArray()) {
            for (int id = 0; id < vocabulary.size(); id++) {
                pieces[id] = vocabulary.get(id).path(0).asText();
            }
        } else {
            vocabulary.properties().forEach(entry -> pieces[entry.getValue().asInt()] = entry.getKey());
        }
        for (JsonNode token : root.path("added_tokens")) {
            pieces[token.path("id").asInt()] = token.path("content").asText();
            literal[token.path("id").asInt()] = true;
        }
        String decoder = root.path("decoder").toString();
        byteLevel = decoder.contains("\"ByteLevel\"");
        wordSpaces = decoder.contains(WORD_SPACE);
    }

    private static Map<Character, Byte> byteLevel() {
        Map<Character, Byte> bytes = new HashMap<>();
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b > ' ' && b < 0x7F || b > 0xA0 && b != 0xAD;
            bytes.put(printable ? (char) b : next++, (byte) b);
        }
        return bytes;
    }

    /** The bytes of a token; none for an id that stands for nothing. */
    byte[] of(int id) {
        if (id < 0 || id >= pieces.length || pieces[id] == null) {
            return new byte[0];
        }
        String piece = pieces[id];
        if (literal[id]) {
            return piece.getBytes(StandardCharsets.UTF_8);
        }
        if (byteLevel) {
            byte[] bytes = new byte[piece.length()];
            int count = 0;
            for (char c : piece.toCharArray()) {
                Byte b = BYTE_LEVEL.get(c);
                if (b == null) {
                    return piece.getBytes(StandardCharsets.UTF_8);
                }
                bytes[count++] = b;
            }
            return Arrays.copyOf(bytes, count);
        }
        Matcher one = BYTE.matcher(piece);
        if (one.matches()) {
            return HexFormat.of().parseHex(one.group(1));
        }
        return (wordSpaces ? piece.replace(WORD_SPACE, " ") : piece).getBytes(StandardCharsets.UTF_8);
    }

    /** As text, or as {@code bytes:\xE2\x98} where the bytes are no text. */
    static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return "bytes:\\x" + HexFormat.ofDelimiter("\\x").formatHex(bytes);
        }
    }
}

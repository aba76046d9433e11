package io.heed.tensor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;

/**
 * The JSON header of a safetensors file, checked: every tensor's bytes follow from its shape and type, and together
 * they cover the data part exactly once.
 *
 * @param metadata what {@code __metadata__} holds
 * @param entries  the tensors by name, in the order of the header
 */
record SafetensorsHeader(Map<String, String> metadata, Map<String, Entry> entries) {
    static final String METADATA = "__metadata__";
    private static final int MAX_DIMENSIONS = 64;

    /** A tensor's type, shape, and place in the data part: from {@code begin} to {@code end}, in bytes. */
    record Entry(String name, SafetensorsType type, long[] shape, long begin, long end) { }

    /**
     * @param file      for messages
     * @param json      the header's bytes
     * @param dataBytes length of the data part
     */
    static SafetensorsHeader parse(Path file, byte[] json, long dataBytes) throws SafetensorsException {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            SafetensorsHeader header = new HeaderParser(file, parser).parse();
            header.checkCoverage(file, dataBytes);
            return header;
        } catch (SafetensorsException e) {
            throw e;
        } catch (JsonProcessingException e) {
            throw new SafetensorsException(file, "the header is not valid JSON: " + e.getOriginalMessage().lines()
                    .findFirst().orElse("unreadable"), e);
        } catch (IOException e) {
            throw new SafetensorsException(file, "the header is not readable: " + e.getMessage(), e);
        }
    }

    private void checkCoverage(Path file, long dataBytes) throws SafetensorsException {
        List<Entry> inOrder = new ArrayList<>(entries.values());
        inOrder.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long reached = 0;
        for (Entry entry : inOrder) {
            if (entry.end() > dataBytes) {
                throw new SafetensorsException(file, "tensor '" + entry.name() + "' ends at byte " + entry.end()
                        + " of the data, but the file holds " + dataBytes + ": it is truncated");
            }
            if (entry.begin() < reached) {
                throw new SafetensorsException(file, "tensor '" + entry.name() + "' starts at byte " + entry.begin()
                        + ", inside another tensor that ends at " + reached);
            }
            if (entry.begin() > reached) {
                throw new SafetensorsException(file, "no tensor covers bytes " + reached + " to " + entry.begin()
                        + ", before '" + entry.name() + "'");
            }
            reached = entry.end();
        }
        if (reached != dataBytes) {
            throw new SafetensorsException(file, "the tensors end at byte " + reached
                    + " of the data, but the file holds "
                    + dataBytes);
        }
    }

    /** Reads the header token by token, so that a hostile one cannot grow beyond its own size in memory. */
    private static final class HeaderParser {
        private final Path file;
        private final JsonParser parser;

        HeaderParser(Path file, JsonParser parser) {
            this.file = file;
            this.parser = parser;
        }

        SafetensorsHeader parse() throws IOException {
            Map<String, String> metadata = new LinkedHashMap<>();
            Map<String, Entry> entries = new LinkedHashMap<>();
            boolean sawMetadata = false;
            expect(parser.nextToken(), JsonToken.START_OBJECT, "the header must be a JSON object");
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals(METADATA)) {
                    if (sawMetadata) {
                        throw problem("'" + METADATA + "' appears twice");
                    }
                    sawMetadata = true;
                    readMetadata(metadata);
                } else if (entries.put(name, readEntry(name)) != null) {
                    throw problem("tensor '" + name + "' appears twice");
                }
            }
            if (parser.nextToken() != null) {
                throw problem("the header goes on after its closing brace");
            }
            return new SafetensorsHeader(Collections.unmodifiableMap(metadata), Collections.unmodifiableMap(entries));
        }

        private void readMetadata(Map<String, String> metadata) throws IOException {
            expect(parser.currentToken(), JsonToken.START_OBJECT, "'" + METADATA + "' must be an object");
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                expect(parser.nextToken(), JsonToken.VALUE_STRING, "'" + METADATA + "' value '" + key
                        + "' must be a string");
                if (metadata.put(key, parser.getText()) != null) {
                    throw problem("'" + METADATA + "' key '" + key + "' appears twice");
                }
            }
        }

        private Entry readEntry(String name) throws IOException {
            String where = "tensor '" + name + "': ";
            expect(parser.currentToken(), JsonToken.START_OBJECT, where + "must be an object");
            SafetensorsType type = null;
            List<Long> shape = null;
            List<Long> offsets = null;
            Set<String> seen = new HashSet<>();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                if (!seen.add(key)) {
                    throw problem(where + "'" + key + "' appears twice");
                }
                parser.nextToken();
                switch (key) {
                    case "dtype" -> {
                        expect(parser.currentToken(), JsonToken.VALUE_STRING, where + "'dtype' must be a string");
                        String text = parser.getText();
                        type = SafetensorsType.named(text).orElseThrow(() -> problem(where + "dtype '" + text
                                + "' is not supported, only " + SafetensorsType.names()));
                    }
                    case "shape" -> shape = readNumbers(where + "'shape'", MAX_DIMENSIONS);
                    case "data_offsets" -> offsets = readNumbers(where + "'data_offsets'", 2);
                    default -> throw problem(where + "unknown key '" + key + "'");
                }
            }
            if (type == null || shape == null || offsets == null || offsets.size() != 2) {
                throw problem(where + "needs 'dtype', 'shape' and two 'data_offsets'");
            }
            return check(where, new Entry(name, type, shape.stream().mapToLong(Long::longValue).toArray(),
                    offsets.get(0), offsets.get(1)));
        }

        private Entry check(String where, Entry entry) throws SafetensorsException {
            long bytes = entry.type().bytes();
            boolean empty = false;
            try {
                for (long size : entry.shape()) {
                    empty |= size == 0;
                    bytes = Math.multiplyExact(bytes, Math.max(size, 1));
                }
            } catch (ArithmeticException e) {
                throw problem(where + "shape " + Ops.shape(entry.shape()) + " is too large");
            }
            if (entry.begin() > entry.end()) {
                throw problem(where + "data_offsets end at " + entry.end() + ", before their start " + entry.begin());
            }
            if (entry.end() - entry.begin() != (empty ? 0 : bytes)) {
                throw problem(where + entry.type() + " " + Ops.shape(entry.shape()) + " needs " + (empty ? 0 : bytes)
                        + " bytes, data_offsets give " + (entry.end() - entry.begin()));
            }
            return entry;
        }

        private List<Long> readNumbers(String what, int most) throws IOException {
            expect(parser.currentToken(), JsonToken.START_ARRAY, what + " must be a list of numbers");
            List<Long> numbers = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, what + " must be a list of whole numbers");
                if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
                    throw problem(what + " has a number that is too large");
                }
                long number = parser.getLongValue();
                if (number < 0) {
                    throw problem(what + " has the negative number " + number);
                }
                if (numbers.size() == most) {
                    throw problem(what + " has more than " + most + " numbers");
                }
                numbers.add(number);
            }
            return numbers;
        }

        private void expect(JsonToken actual, JsonToken expected, String problem) throws SafetensorsException {
            if (actual != expected) {
                throw problem(problem);
            }
        }

        private SafetensorsException problem(String text) {
            return new SafetensorsException(file, text);
        }
    }
}

package io.heed.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a UTF-8 text file whole. */
public final class TextFile {
    private static final long LARGEST = 1L << 30;

    private TextFile() { }

    /**
     * The file's text.
     *
     * @throws IllegalArgumentException in one line when the file is missing, a folder, unreadable, empty, larger than 1
     *         GiB,
     *                                  or not UTF-8 (with the offset of the first wrong byte)
     */
    public static String read(Path file) {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + " is a folder; give one text file");
        }
        if (!Files.exists(file)) {
            throw new IllegalArgumentException(file + " does not exist; check the path");
        }
        byte[] bytes;
        try {
            long size = Files.size(file);
            if (size > LARGEST) {
                throw new IllegalArgumentException(file + " has " + size + " bytes; at most " + LARGEST
                        + " are read: give a part of it");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be read: " + e.getClass().getSimpleName() + " "
                    + e.getMessage(), e);
        }
        if (bytes.length == 0) {
            throw new IllegalArgumentException(file + " is empty; give a file with text");
        }
        return decode(bytes, file.toString());
    }

    private static String decode(byte[] bytes, String name) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            throw new IllegalArgumentException(String.format(
                    "%s is not UTF-8 text: byte 0x%02x at offset %d; convert it, e.g. with iconv -t UTF-8",
                    name, bytes[in.position()] & 0xFF, in.position()));
        }
        return out.flip().toString();
    }
}

package io.heed.tensor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.bytedeco.javacpp.PointerScope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Whatever the bytes, opening and reading end in tensors that fit the file or in one line of text. */
class SafetensorsFuzzTest {
    private static final String VALID = """
            {"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
            "b":{"dtype":"BOOL","shape":[4],"data_offsets":[24,28]},\
            "c":{"dtype":"I64","shape":[],"data_offsets":[28,36]}}""";

    @Property(tries = 500)
    void randomBytes(@ForAll @Size(max = 200) byte[] bytes) throws IOException {
        openAndRead(bytes);
    }

    @Property(tries = 500)
    void randomHeaders(@ForAll("jsonLike") String header, @ForAll @Size(max = 40) byte[] data) throws IOException {
        byte[] file = SafetensorsTest.file(header, data.length);
        System.arraycopy(data, 0, file, file.length - data.length, data.length);
        openAndRead(file);
    }

    @Property(tries = 1000)
    void aValidFileWithAFewBytesChangedOrCutOff(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] file = SafetensorsTest.file(VALID, 36);
        for (int change = random.nextInt(4); change >= 0; change--) {
            int at = random.nextInt(file.length);
            file[at] = switch (random.nextInt(3)) {
                case 0 -> (byte) random.nextInt(256);
                case 1 -> (byte) ('0' + random.nextInt(10));
                default -> file[random.nextInt(file.length)];
            };
        }
        if (random.nextInt(4) == 0) {
            file = Arrays.copyOf(file, random.nextInt(file.length + 20));
        }
        openAndRead(file);
    }

    @Property(tries = 300)
    void anIndexWithAFewCharactersChanged(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] text = """
                {"metadata":{"n":1},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}"""
                .getBytes(StandardCharsets.UTF_8);
        for (int change = random.nextInt(4); change >= 0; change--) {
            text[random.nextInt(text.length)] = (byte) (random.nextBoolean() ? random.nextInt(256)
                    : text[random.nextInt(text.length)]);
        }
        Path index = Files.createTempFile("fuzz", ".safetensors.index.json");
        try {
            Files.write(index, text);
            assertThatThrownBy(() -> Safetensors.open(index)).isInstanceOf(SafetensorsException.class)
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
        } finally {
            Files.delete(index);
        }
    }

    @Provide
    Arbitrary<String> jsonLike() {
        Arbitrary<String> token = Arbitraries.of("{", "}", "[", "]", ":", ",", "\"a\"", "\"dtype\"", "\"F32\"",
                "\"shape\"",
                "\"data_offsets\"", "\"__metadata__\"", "0", "1", "4", "-1", "9223372036854775807", "1e999", "null",
                "true",
                " ", "\"\\u0000\"", "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}");
        return token.list().ofMaxSize(20).map(tokens -> "{" + String.join("", tokens));
    }

    private static void openAndRead(byte[] bytes) throws IOException {
        Path path = Files.createTempFile("fuzz", ".safetensors");
        try (PointerScope _ = new PointerScope()) {
            Files.write(path, bytes);
            Safetensors opened = Safetensors.open(path);
            long total = 0;
            for (String name : opened.names()) {
                total += opened.tensor(name).nbytes();
            }
            assertThat(total).isLessThan(bytes.length);
        } catch (SafetensorsException e) {
            assertThat(e.getMessage()).startsWith(path.toString()).doesNotContain("\n");
        } finally {
            Files.delete(path);
        }
    }
}

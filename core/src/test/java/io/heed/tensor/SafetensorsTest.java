package io.heed.tensor;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class SafetensorsTest {
    @TempDir
    Path folder;

    /** A file with this header and data, whatever they are. */
    static byte[] file(String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length).put(json).array();
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("x.safetensors"), bytes);
    }

    @Test
    void everyTypeGoesThereAndBack() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("flags", Ops.of(new boolean[] {true, false, true}));
        for (ScalarType type : new ScalarType[] {ScalarType.Float, ScalarType.Half, ScalarType.BFloat16,
                ScalarType.Double,
            ScalarType.Long, ScalarType.Int, ScalarType.Byte}) {
            tensors.put("type." + type, Ops.of(new float[] {1, 2, 3, 250, 5, 6}, 2, 3).to(type));
        }
        tensors.put("scalar", Ops.of(new float[] {7}).view(new long[0]));
        tensors.put("empty", torch.zeros(0, 3));
        tensors.put("transposed", Ops.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).transpose(0, 1));
        Path path = folder.resolve("new/folder/model.safetensors");
        Safetensors.write(path, tensors, Map.of("format", "pt"));

        Safetensors read = Safetensors.open(path);
        assertThat(read.names()).containsExactlyElementsOf(tensors.keySet());
        assertThat(read.metadata()).containsExactly(Map.entry("format", "pt"));
        for (String name : read.names()) {
            Tensor expected = tensors.get(name);
            Tensor actual = read.tensor(name);
            assertThat(Ops.type(actual)).isEqualTo(Ops.type(expected));
            assertThat(actual.shape()).isEqualTo(expected.shape());
            assertThat(actual.equal(expected.contiguous())).as(name).isTrue();
            assertThat(read.data(name).address() % read.type(name).bytes()).as("alignment of " + name).isZero();
        }
        assertThat(read.data("type.Long").get(ValueLayout.JAVA_LONG, 8)).isEqualTo(2);
        assertThatThrownBy(() -> read.tensor("nose")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'nose'");
    }

    @Test
    void whatTheFormatDoesNotKnowIsNotWritten() {
        Path path = folder.resolve("x.safetensors");
        assertThatThrownBy(() -> Safetensors.write(path, Map.of("z", torch.zeros(2).to(ScalarType.ComplexFloat)),
                Map.of()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("'z'")
                .hasMessageContaining("Complex");
        assertThatThrownBy(() -> Safetensors.write(path, Map.of("__metadata__", torch.zeros(2)), Map.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(path).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "[]                                                                       |0| must be a JSON object",
        "{                                                                        |0| not valid JSON",
        "{} x                                                                     |0| not valid JSON",
        "{} {}                                                                    |0| goes on after",
        "{}                                                                       |4| hold",
        "{`a`:1}                                                                  |0| 'a': must be an object",
        "{`a`:{`dtype`:`F32`,`shape`:[1]}}                                        |4| needs 'dtype', 'shape' and two",
        "{`a`:{`dtype`:`F8_E4M3`,`shape`:[1],`data_offsets`:[0,1]}}               |1| dtype 'F8_E4M3' is not supported",
        "{`a`:{`dtype`:3,`shape`:[1],`data_offsets`:[0,4]}}                       |4| 'dtype' must be a string",
        "{`a`:{`dtype`:`F32`,`shape`:[-1],`data_offsets`:[0,4]}}                  |4| negative number -1",
        "{`a`:{`dtype`:`F32`,`shape`:[1.5],`data_offsets`:[0,4]}}                 |4| whole numbers",
        "{`a`:{`dtype`:`F32`,`shape`:[99999999999999999999],`data_offsets`:[0,4]}}|4| too large",
        "{`a`:{`dtype`:`F32`,`shape`:[4611686018427387904,4],`data_offsets`:[0,0]}}|0| too large",
        "{`a`:{`dtype`:`F32`,`shape`:[0,4611686018427387904,4],`data_offsets`:[0,0]}}|0| too large",
        "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,4]}}|4| needs 8 bytes, data_offsets give 4",
        "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,0]}}                   |4| before their start",
        "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[0,4,8]}}                 |4| more than 2",
        "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,8]}}                   |4| truncated",
        "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,8]}}                   |8| no tensor covers bytes 0 to 4",
        "{`a`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[0,4]}}                   |8| hold",
        "{`a`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,8]},`b`:{`dtype`:`F32`,`shape`:[1],`data_offsets`:[4,8]}}"
            + "|8| inside another tensor",
        "{`a`:{`dtype`:`U8`,`shape`:[0],`data_offsets`:[0,0]},`a`:{`dtype`:`U8`,`shape`:[0],`data_offsets`:[0,0]}}"
            + "|0| tensor 'a' appears twice",
        "{`a`:{`dtype`:`U8`,`dtype`:`U8`,`shape`:[0],`data_offsets`:[0,0]}}       |0| 'dtype' appears twice",
        "{`a`:{`dtype`:`U8`,`shape`:[0],`data_offsets`:[0,0],`x`:0}}              |0| unknown key 'x'",
        "{`__metadata__`:{`k`:1}}                                                 |0| value 'k' must be a string",
        "{`__metadata__`:{`k`:`a`,`k`:`b`}}                                       |0| key 'k' appears twice",
    })
    void malformedHeadersAreNamedInOneLine(String header, int dataBytes, String problem) throws IOException {
        Path path = write(file(header.replace('`', '"'), dataBytes));
        assertThatThrownBy(() -> Safetensors.open(path)).isInstanceOf(SafetensorsException.class)
                .hasMessageStartingWith(path.toString()).hasMessageContaining(problem.strip())
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    void lengthsThatLieAreNoticedBeforeMemoryIsTaken() throws IOException {
        assertThatThrownBy(() -> Safetensors.open(write(new byte[0]))).hasMessageContaining("truncated");
        assertThatThrownBy(() -> Safetensors.open(write(new byte[7]))).hasMessageContaining("truncated");
        byte[] beyond = file("{}", 0);
        beyond[0] = 3;
        assertThatThrownBy(() -> Safetensors.open(write(beyond))).hasMessageContaining("only 2 follow");
        beyond[5] = 1;
        assertThatThrownBy(() -> Safetensors.open(write(beyond))).hasMessageContaining("more than the 100000000");
        beyond[7] = -1;
        assertThatThrownBy(() -> Safetensors.open(write(beyond))).hasMessageContaining("more than the 100000000");
        assertThatThrownBy(() -> Safetensors.open(folder.resolve("none.safetensors")))
                .hasMessageContaining("no such file");
    }

    @Test
    void aBooleanThatIsNeitherIsRefused() throws IOException {
        byte[] bytes = file("{\"m\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2);
        bytes[bytes.length - 1] = 2;
        Safetensors opened = Safetensors.open(write(bytes));
        assertThatThrownBy(() -> opened.tensor("m")).isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("holds the byte 2");
    }

    @Test
    void aFolderOfShards() throws IOException {
        Safetensors.write(folder.resolve("m-1.safetensors"), Map.of("a", Ops.of(new float[] {1, 2})), Map.of());
        Safetensors.write(folder.resolve("m-2.safetensors"), Map.of("b", Ops.of(new long[] {3})), Map.of());
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(index, """
                {"metadata": {"total_size": 16}, "weight_map": {"b": "m-2.safetensors", "a": "m-1.safetensors"}}""");
        Safetensors opened = Safetensors.open(folder);
        assertThat(opened.names()).containsExactly("b", "a");
        assertThat(opened.metadata()).containsEntry("total_size", "16");
        assertThat(Ops.floats(opened.tensor("a"))).containsExactly(1, 2);
        assertThat(Ops.longs(opened.tensor("b"))).containsExactly(3);

        for (String[] broken : new String[][] {
            {"{\"weight_map\": {\"c\": \"m-1.safetensors\"}}", "holds tensor 'c', but it does not"},
            {"{\"weight_map\": {\"a\": \"m-3.safetensors\"}}", "m-3.safetensors: no such file"},
            {"{\"weight_map\": {\"a\": \"../m-1.safetensors\"}}", "beside the index"},
            {"{\"weight_map\": {\"a\": 1}}", "beside the index"},
            {"{\"weight_map\": {\"a\": \"m-1.safetensors\", \"a\": \"m-1.safetensors\"}}", "not valid JSON"},
            {"[1]", "no object 'weight_map'"}, {"{", "not valid JSON"}, {"", "no object 'weight_map'"}}) {
            Files.writeString(index, broken[0]);
            assertThatThrownBy(() -> Safetensors.open(index)).as(broken[0]).isInstanceOf(SafetensorsException.class)
                    .hasMessageContaining(broken[1]);
        }
        Files.delete(index);
        assertThatThrownBy(() -> Safetensors.open(folder)).hasMessageContaining("holds neither");
    }
}

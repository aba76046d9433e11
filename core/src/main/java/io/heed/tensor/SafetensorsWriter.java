package io.heed.tensor;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Lays tensors out and writes them. Wide elements come first in the data and the header is padded to a multiple of 8
 * bytes, so that every element stands aligned.
 */
final class SafetensorsWriter {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long CHUNK = 1 << 26;
    private static final int ALIGNMENT = 8;

    private final Map<String, Tensor> tensors;
    private final List<String> dataOrder;
    private final byte[] header;

    SafetensorsWriter(Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        this.tensors = tensors;
        Map<String, SafetensorsType> types = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> types.put(name, typeOf(name, tensor)));
        dataOrder = tensors.keySet().stream()
                .sorted(Comparator.comparingInt(name -> -types.get(name).bytes())).toList();
        Map<String, Long> begins = new LinkedHashMap<>();
        long reached = 0;
        for (String name : dataOrder) {
            begins.put(name, reached);
            reached += tensors.get(name).numel() * types.get(name).bytes();
        }
        ObjectNode root = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode node = root.putObject(SafetensorsHeader.METADATA);
            metadata.forEach(node::put);
        }
        tensors.forEach((name, tensor) -> {
            ObjectNode node = root.putObject(name);
            node.put("dtype", types.get(name).name());
            Arrays.stream(tensor.shape()).forEach(node.putArray("shape")::add);
            long begin = begins.get(name);
            node.putArray("data_offsets").add(begin).add(begin + tensor.numel() * types.get(name).bytes());
        });
        byte[] json = JSON.writeValueAsBytes(root);
        header = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(header, json.length, header.length, (byte) ' ');
    }

    void writeTo(WritableByteChannel channel) throws IOException {
        AtomicFile.writeFully(channel, ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length).flip());
        AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
        for (String name : dataOrder) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                Tensor dense = tensors.get(name).detach().cpu().contiguous();
                MemorySegment bytes = View.segment(dense);
                for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
                    long length = Math.min(CHUNK, bytes.byteSize() - at);
                    AtomicFile.writeFully(channel, bytes.asSlice(at, length).asByteBuffer());
                }
                Reference.reachabilityFence(dense);
            }
        }
    }

    private static SafetensorsType typeOf(String name, Tensor tensor) {
        if (name.equals(SafetensorsHeader.METADATA)) {
            throw new IllegalArgumentException("a tensor cannot be called " + name + ": the format reserves that name");
        }
        return SafetensorsType.of(Ops.type(tensor)).orElseThrow(() -> new IllegalArgumentException("tensor '" + name
                + "' is " + Ops.type(tensor) + ", which cannot be saved; only " + SafetensorsType.names()));
    }
}

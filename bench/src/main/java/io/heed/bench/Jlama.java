package io.heed.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model that Jlama runs in float32, one token at a time, with its jars in a loader of their own.
 *
 * @see JlamaJars
 */
final class Jlama implements AutoCloseable {
    private static final String ROOT = "com.github.tjake.jlama.";

    private final URLClassLoader loader;
    private final Object model;
    private final Object buffers;
    private final Object logits;
    private final Method forward;
    private final Method sample;
    private final Method advance;
    private Object cache;
    private int position;

    /**
     * Opens a model folder.
     *
     * @param jars       Jlama's
     * @param withNative whether it computes by its library in C, else by the Vector API
     * @throws Unavailable in one line when Jlama does not run here
     */
    Jlama(URL[] jars, Path folder, boolean withNative) throws Unavailable {
        loader = new URLClassLoader(jars, ClassLoader.getPlatformClassLoader());
        try {
            File file = folder.toFile();
            Object json = type("util.JsonSupport").getField("om").get(null);
            Object config = json.getClass().getMethod("readValue", File.class, Class.class)
                    .invoke(json, new File(file, "config.json"), type("model.llama.LlamaConfig"));
            Object weights = type("safetensors.SafeTensorSupport").getMethod("loadWeights", File.class)
                    .invoke(null, file);
            Class<?> dtype = type("safetensors.DType");
            Object float32 = dtype.getField("F32").get(null);
            model = type("model.llama.LlamaModel").getConstructor(type("safetensors.Config"),
                    type("safetensors.WeightLoader"), type("safetensors.tokenizer.Tokenizer"), dtype, dtype,
                    Optional.class).newInstance(config, weights, null, float32, float32, Optional.empty());
            Class<?> base = type("model.AbstractModel");
            Class<?> tensor = type("tensor.AbstractTensor");
            Class<?> buffer = type("tensor.KvBufferCache$KvBuffer");
            logits = base.getMethod("makeDenseTensor", int[].class).invoke(model, new int[] {
                type("safetensors.Config").getField("vocabularySize").getInt(config)});
            buffers = type("tensor.KvBufferCache").getConstructor(base).newInstance(model);
            forward = base.getMethod("forward", int.class, int.class, buffer, Optional.class);
            sample = base.getMethod("sample", tensor, float.class, float.class, tensor);
            advance = buffer.getMethod("incrementContextPosition");
            checkForm(withNative);
        } catch (InvocationTargetException e) {
            throw new Unavailable("Jlama does not run here: " + e.getCause());
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new Unavailable("Jlama does not run here: " + e);
        }
        restart();
    }

    /** Jlama falls back in silence. */
    private void checkForm(boolean withNative) throws ReflectiveOperationException, Unavailable {
        Object operations = type("tensor.operations.TensorOperationsProvider").getMethod("get").invoke(null);
        String name = operations.getClass().getSimpleName();
        if (!name.startsWith(withNative ? "Native" : "Panama")) {
            throw new Unavailable("Jlama does not run its " + (withNative ? "native" : "Vector API")
                    + " form here, but " + name);
        }
    }

    private Class<?> type(String name) throws ClassNotFoundException {
        return Class.forName(ROOT + name, true, loader);
    }

    /** Begins a new sequence. */
    void restart() {
        position = 0;
        cache = call(() -> buffers.getClass().getMethod("getEphemeralKvBuffer").invoke(buffers));
    }

    /** Positions of the sequence so far. */
    int length() {
        return position;
    }

    /** Appends a token, computes its logits and gives the likeliest next one. */
    int next(int token) {
        return call(() -> {
            Object output = forward.invoke(model, token, position++, cache, Optional.empty());
            int next = (int) sample.invoke(model, output, 0f, 0f, logits);
            ((AutoCloseable) output).close();
            advance.invoke(cache);
            return next;
        });
    }

    /** The logits of the last {@link #next}: (V). */
    float[] logits() {
        MemorySegment data = call(() -> (MemorySegment) logits.getClass().getMethod("getMemorySegment")
                .invoke(logits));
        return data.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    private interface Call<T> {
        T run() throws Exception;
    }

    private static <T> T call(Call<T> call) {
        try {
            return call.run();
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("Jlama: " + e.getCause(), e.getCause());
        } catch (Exception e) {
            throw new IllegalStateException("Jlama: " + e, e);
        }
    }

    @Override
    public void close() {
        try {
            loader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

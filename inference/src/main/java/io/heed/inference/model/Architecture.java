package io.heed.inference.model;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The families of models that are understood, by {@code model_type} of {@code config.json}. */
public enum Architecture {
    LLAMA("llama", "LlamaForCausalLM"),
    MISTRAL("mistral", "MistralForCausalLM"),
    QWEN2("qwen2", "Qwen2ForCausalLM"),
    QWEN3("qwen3", "Qwen3ForCausalLM"),
    GPT2("gpt2", "GPT2LMHeadModel");

    private final String type;
    private final String className;

    Architecture(String type, String className) {
        this.type = type;
        this.className = className;
    }

    /** {@code model_type}. */
    public String type() {
        return type;
    }

    static Optional<Architecture> of(String type, String className) {
        return Arrays.stream(values())
                .filter(a -> type.isEmpty() ? a.className.equals(className) : a.type.equals(type)).findFirst();
    }

    static String known() {
        return Arrays.stream(values()).map(Architecture::type).collect(Collectors.joining(", "));
    }
}

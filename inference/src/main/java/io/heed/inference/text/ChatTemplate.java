package io.heed.inference.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.heed.inference.jinja.Template;
import io.heed.inference.jinja.TemplateException;
import io.heed.inference.model.ModelException;

/**
 * How a conversation becomes a prompt: {@code chat_template} of {@code tokenizer_config.json}, or
 * {@code chat_template.jinja}. A model without one gets the messages' texts, one a line.
 */
public final class ChatTemplate {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Template template; // null for none
    private final Map<String, Object> tokens;

    /** One message of a conversation. */
    public record Message(String role, String content) { }

    private ChatTemplate(Template template, Map<String, Object> tokens) {
        this.template = template;
        this.tokens = tokens;
    }

    /** @throws IOException in one line when a file is malformed or the template uses what is not supported */
    static ChatTemplate read(Path folder) throws IOException {
        Path file = folder.resolve("tokenizer_config.json");
        JsonNode config = JSON.createObjectNode();
        try {
            config = Files.isRegularFile(file) ? JSON.readTree(Files.readAllBytes(file)) : config;
        } catch (JsonProcessingException e) {
            throw new ModelException(file, "is not valid JSON: " + e.getOriginalMessage().lines().findFirst()
                    .orElse(""), e);
        }
        Map<String, Object> tokens = new LinkedHashMap<>();
        for (String name : List.of("bos_token", "eos_token", "unk_token", "pad_token")) {
            JsonNode token = config.path(name);
            String text = token.isObject() ? token.path("content").asText("") : token.asText("");
            tokens.put(name, token.isNull() ? "" : text);
        }
        Path own = folder.resolve("chat_template.jinja");
        Optional<String> source = Files.isRegularFile(own) ? Optional.of(Files.readString(own)) : source(config);
        try {
            return new ChatTemplate(source.map(Template::of).orElse(null), tokens);
        } catch (TemplateException e) {
            throw new ModelException(Files.isRegularFile(own) ? own : file, e.getMessage(), e);
        }
    }

    /** A text, or a list of named ones of which the default is taken. */
    private static Optional<String> source(JsonNode config) {
        JsonNode template = config.path("chat_template");
        if (template.isTextual()) {
            return Optional.of(template.asText());
        }
        for (JsonNode named : template) {
            if (named.path("name").asText().equals("default")) {
                return Optional.of(named.path("template").asText());
            }
        }
        return Optional.empty();
    }

    /** Whether the model has a template of its own. */
    public boolean isGiven() {
        return template != null;
    }

    /**
     * The prompt for the assistant's next message.
     *
     * @throws TemplateException in one line when the template refuses the conversation
     */
    public String prompt(List<Message> messages) {
        if (template == null) {
            return String.join("\n", messages.stream().map(Message::content).toList());
        }
        Map<String, Object> names = new LinkedHashMap<>(tokens);
        names.put("messages", messages.stream()
                .map(message -> Map.of("role", message.role(), "content", message.content()))
                .toList());
        names.put("add_generation_prompt", true);
        return template.render(names);
    }
}

package io.heed.langchain4j;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.TokenUsage;

import io.heed.inference.engine.Engine;
import io.heed.inference.engine.FinishReason;
import io.heed.inference.engine.Generation;
import io.heed.inference.engine.GenerationRequest;
import io.heed.inference.engine.Refusal;
import io.heed.inference.engine.Sampling;
import io.heed.inference.text.ChatTemplate;
import io.heed.inference.text.TextModel;

/** What the two chat models share: LangChain4j's requests and answers in Heed's terms. */
final class Conversation {
    private static final int USUAL_TOKENS = 1024;

    private final TextModel model;
    private final Engine engine;

    Conversation(TextModel model, Engine engine) {
        this.model = model;
        this.engine = engine;
    }

    /** Hands a request to the engine; its exceptions are LangChain4j's. */
    Generation submit(ChatRequest request, TextModel.TextListener listener) {
        GenerationRequest generation = request(request);
        try {
            return model.submit(engine, generation, request.stopSequences(), listener);
        } catch (Refusal e) {
            throw e.reason() == Refusal.Reason.TOO_LARGE ? new InvalidRequestException(e.getMessage(), e)
                    : new RateLimitException(e.getMessage(), e);
        }
    }

    private GenerationRequest request(ChatRequest request) {
        if (!request.toolSpecifications().isEmpty()) {
            throw new UnsupportedFeatureException("models run by Heed call no tools");
        }
        ResponseFormat format = request.responseFormat();
        if (format != null && format.type() != ResponseFormatType.TEXT) {
            throw new UnsupportedFeatureException("models run by Heed answer with text, not with response format "
                    + format.type());
        }
        if (request.modelName() != null && !request.modelName().equals(model.name())) {
            throw new InvalidRequestException("the model '" + request.modelName() + "' is not loaded, but '"
                    + model.name() + "'");
        }
        Sampling usual = model.defaults().sampling();
        Sampling sampling = new Sampling(given(request.temperature(), usual.temperature()),
                given(request.topK(), usual.topK()),
                given(request.topP(), usual.topP()), usual.minP(), usual.repetitionPenalty(),
                given(request.presencePenalty(), 0.0), given(request.frequencyPenalty(), 0.0),
                ThreadLocalRandom.current().nextLong());
        return new GenerationRequest(model.encode(messages(request.messages())),
                given(request.maxOutputTokens(), USUAL_TOKENS),
                sampling, model.defaults().stops(), GenerationRequest.NO_TIMEOUT);
    }

    private static <T> T given(T value, T otherwise) {
        return value == null ? otherwise : value;
    }

    private static List<ChatTemplate.Message> messages(List<ChatMessage> messages) {
        List<ChatTemplate.Message> converted = new ArrayList<>();
        for (ChatMessage message : messages) {
            converted.add(switch (message) {
                case SystemMessage system -> new ChatTemplate.Message("system", system.text());
                case UserMessage user -> new ChatTemplate.Message("user", text(user));
                case AiMessage ai -> new ChatTemplate.Message("assistant", given(ai.text(), ""));
                default -> throw new UnsupportedFeatureException("models run by Heed read no messages of type "
                        + message.type());
            });
        }
        return converted;
    }

    private static String text(UserMessage message) {
        StringBuilder text = new StringBuilder();
        for (Content content : message.contents()) {
            if (!(content instanceof TextContent part)) {
                throw new UnsupportedFeatureException("models run by Heed read text, not " + content.type());
            }
            text.append(part.text());
        }
        return text.toString();
    }

    /** The whole answer. */
    ChatResponse response(String text, FinishReason reason, Generation generation) {
        return ChatResponse.builder().aiMessage(AiMessage.from(text)).modelName(model.name())
                .tokenUsage(new TokenUsage(generation.promptTokens(), generation.generatedTokens()))
                .finishReason(switch (reason) {
                    case STOP -> dev.langchain4j.model.output.FinishReason.STOP;
                    case LENGTH -> dev.langchain4j.model.output.FinishReason.LENGTH;
                    case CANCELLED, TIMEOUT, ERROR -> dev.langchain4j.model.output.FinishReason.OTHER;
                }).build();
    }
}

package io.heed.inference.serve;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.heed.inference.engine.Engine;
import io.heed.inference.engine.FinishReason;
import io.heed.inference.engine.Generation;
import io.heed.inference.engine.GenerationRequest;
import io.heed.inference.engine.Likelihood;
import io.heed.inference.engine.Refusal;
import io.heed.inference.text.TextModel;

/** The generations of one request, as one stream of events. */
final class Answer {
    /** Something that happened to one of the choices. */
    sealed interface Event {
        /** More text, with its tokens where their likelihoods were asked for. */
        record More(int choice, String text, List<Likelihood> tokens) implements Event { }

        /** The end of a choice; {@code failure} is null unless it broke. */
        record End(int choice, FinishReason reason, Throwable failure) implements Event { }
    }

    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final List<Generation> generations = new ArrayList<>();
    private final int each; // choices to a prompt
    private int open;

    private Answer(int each) {
        this.each = each;
    }

    /** @throws Refusal when the engine does not take all of it; it then takes nothing */
    static Answer to(ApiRequest request, TextModel model, Engine engine, Duration timeout) throws Refusal {
        Answer answer = new Answer(request.choices());
        try {
            for (int[] prompt : request.prompts()) {
                for (int i = 0; i < request.choices(); i++) {
                    GenerationRequest one = new GenerationRequest(prompt, request.maxTokens(),
                            request.sampling().withSeed(request.sampling().seed() + i), model.defaults().stops(),
                            timeout, request.listed());
                    answer.generations.add(model.submit(engine, one, request.stops(), answer.listener(answer.open)));
                    answer.open++;
                }
            }
            return answer;
        } catch (Refusal | RuntimeException e) {
            answer.cancel();
            throw e;
        }
    }

    private TextModel.TextListener listener(int choice) {
        return new TextModel.TextListener() {
            @Override
            public void text(String text) {
                events.add(new Event.More(choice, text, List.of()));
            }

            @Override
            public void text(String text, List<Likelihood> tokens) {
                events.add(new Event.More(choice, text, tokens));
            }

            @Override
            public void end(FinishReason reason, Throwable failure) {
                events.add(new Event.End(choice, reason, failure));
            }
        };
    }

    /** How many choices there are. */
    int choices() {
        return generations.size();
    }

    /** The next event; null when none came in time. */
    Event next(Duration patience) throws InterruptedException {
        Event event = events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        open -= event instanceof Event.End ? 1 : 0;
        return event;
    }

    /** Whether more events will come. */
    boolean isOpen() {
        return open > 0;
    }

    void cancel() {
        generations.forEach(Generation::cancel);
    }

    /** Tokens of the prompts; several choices share one. */
    int promptTokens() {
        return generations.stream().mapToInt(Generation::promptTokens).sum() / each;
    }

    /** Those of them that earlier requests had left. */
    int cachedTokens() {
        int cached = 0;
        for (int i = 0; i < generations.size(); i += each) {
            cached += generations.get(i).cachedTokens();
        }
        return cached;
    }

    int generatedTokens() {
        return generations.stream().mapToInt(Generation::generatedTokens).sum();
    }
}

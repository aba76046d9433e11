package io.heed.inference.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import io.heed.inference.cache.CacheManager;
import io.heed.inference.cache.SequenceCache;
import io.heed.inference.model.CausalModel;
import io.heed.inference.model.Decoder;
import io.heed.inference.model.ModelConfig;

/**
 * Runs many generations over one model by continuous batching: whenever a sequence ends, the next request takes its
 * place; prompts are computed in chunks between the steps of the running sequences. One thread of its own computes.
 *
 * <p>A request's tokens do not depend on what else runs: each equals what it would be alone. A request that is taken
 * does not run out of memory: it is admitted when the cache has room for its whole length.
 *
 * <p>Use: {@link #submit} a request with a {@link TokenListener}; {@link Generation#cancel} when nobody wants it any
 * more; {@link #drain} and {@link #close} at the end.
 */
public final class Engine implements AutoCloseable {
    private final ModelConfig config;
    private final EngineSettings settings;
    private final CacheManager caches;
    private final Decoder decoder;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Sequence> waiting = new ArrayDeque<>();
    private final List<Sequence> running = new ArrayList<>();
    private boolean starved; // the first that waits does not fit the cache now
    private boolean draining;
    private boolean closed;

    private long finished;
    private long cancelled;
    private long refused;
    private long failed;
    private long promptTokens;
    private long cachedTokens;
    private long generatedTokens;

    /** Starts an engine; its thread ends with {@link #close}. */
    public Engine(CausalModel model, EngineSettings settings) {
        this.config = model.config();
        this.settings = settings;
        caches = new CacheManager(model.pool(settings.cacheBytes()));
        decoder = model.decoder(caches.pool(), settings.plan());
        thread = Thread.ofPlatform().daemon().name("heed-engine").start(this::loop);
    }

    /** Longest prompt and answer together. */
    public int context() {
        return config.positions();
    }

    /**
     * Takes a request. An answer that would not fit the context ends where the context does.
     *
     * @throws Refusal when the prompt fills the context, the cache could never hold it, the queue is full, or the
     *         engine is
     *                 shutting down
     * @throws IllegalArgumentException when a prompt's token is not of the model's vocabulary
     */
    public Generation submit(GenerationRequest request, TokenListener listener) throws Refusal {
        GenerationRequest fitted = fit(request);
        for (int token : fitted.prompt()) {
            if (token < 0 || token >= config.vocabulary()) {
                throw new IllegalArgumentException("token " + token + " is not of the model's vocabulary of "
                        + config.vocabulary() + " tokens: tokenizer.json and config.json do not belong together");
            }
        }
        Sequence sequence = new Sequence(fitted, listener);
        lock.lock();
        try {
            if (draining || closed) {
                throw refuse(Refusal.Reason.CLOSING, "the server is shutting down");
            }
            if (!caches.fits(sequence.limit())) {
                throw refuse(Refusal.Reason.TOO_LARGE, "the request may grow to " + sequence.limit()
                        + " tokens, more than the key/value cache of " + settings.cacheBytes() + " bytes can hold");
            }
            // those that the next step admits do not wait
            int next = starved ? 0 : Math.max(0, settings.batch() - running.size());
            if (waiting.size() - next >= settings.queue()) {
                throw refuse(Refusal.Reason.BUSY, "the queue of " + settings.queue() + " requests is full");
            }
            waiting.add(sequence);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        return sequence;
    }

    private GenerationRequest fit(GenerationRequest request) throws Refusal {
        int prompt = request.prompt().length;
        int room = config.positions() - prompt;
        if (room < 1) {
            lock.lock();
            try {
                throw refuse(Refusal.Reason.TOO_LARGE, "the prompt has " + prompt
                        + " tokens, the model's context holds "
                        + config.positions() + " with at least one for the answer");
            } finally {
                lock.unlock();
            }
        }
        return room >= request.maxTokens() ? request
                : request.withMaxTokens(room);
    }

    private Refusal refuse(Refusal.Reason reason, String message) {
        refused++;
        return new Refusal(reason, message);
    }

    /** What it did and does. */
    public EngineStatistics statistics() {
        lock.lock();
        try {
            return new EngineStatistics(waiting.size(), running.size(), finished, cancelled, refused, failed,
                    promptTokens,
                    cachedTokens, generatedTokens, caches.pool().taken(), caches.pool().capacity(),
                    caches.pool().allocatedBytes());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes no more requests and waits for those that were taken.
     *
     * @return whether all ended in time
     */
    public boolean drain(Duration patience) throws InterruptedException {
        long left = patience.toNanos();
        lock.lock();
        try {
            draining = true;
            while (!(running.isEmpty() && waiting.isEmpty()) && left > 0) {
                left = changed.awaitNanos(left);
            }
            return running.isEmpty() && waiting.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Ends what still runs as cancelled, and the thread. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        while (awaitWork()) {
            try {
                prefill();
                decode();
            } catch (RuntimeException | Error e) {
                // a broken file or exhausted memory ends what runs, not the engine
                List.copyOf(running).forEach(sequence -> sequence.end(FinishReason.ERROR, e));
            }
            settle();
        }
        List<Sequence> rest = new ArrayList<>(running);
        rest.addAll(waiting);
        rest.forEach(sequence -> sequence.end(FinishReason.CANCELLED, null));
        settle();
    }

    /** Waits until a sequence is running; false once the engine is closed. */
    private boolean awaitWork() {
        lock.lock();
        try {
            while (!closed) {
                admit();
                if (!running.isEmpty()) {
                    return true;
                }
                // cancelled and late requests in the queue are noticed though nothing else happens
                boolean _ = changed.await(waiting.isEmpty() ? 60_000 : 50, TimeUnit.MILLISECONDS);
            }
            return false;
        } catch (InterruptedException e) {
            closed = true;
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void admit() {
        for (Iterator<Sequence> all = waiting.iterator(); all.hasNext(); ) {
            Sequence sequence = all.next();
            if (sequence.isOver()) {
                all.remove();
                sequence.endEarly();
                count(sequence);
            }
        }
        starved = false;
        while (!waiting.isEmpty() && running.size() < settings.batch()) {
            Sequence first = waiting.getFirst();
            boolean share = decoder.plan().sharesPrefixes() && !config.positionsDependOnLength();
            if (share && running.stream().anyMatch(other -> other.pending() > 0 && !other.hasEnded()
                    && caches.sharesMoreWith(other.prompt(), first.prompt()))) {
                return; // its beginning is being computed, and will be there after the next step
            }
            Optional<SequenceCache> cache = caches.admit(first.prompt(), first.limit(), share);
            if (cache.isEmpty()) {
                starved = true;
                return; // first come, first served: a small request does not pass a large one
            }
            waiting.removeFirst();
            first.admit(cache.get());
            cachedTokens += first.cachedTokens();
            running.add(first);
        }
    }

    private void prefill() {
        List<Decoder.Chunk> chunks = new ArrayList<>();
        List<Sequence> owners = new ArrayList<>();
        boolean whole = decoder.plan().wantsWholePrompt();
        int room = settings.chunk();
        for (Sequence sequence : running) {
            if (!sequence.hasEnded() && sequence.isOver()) {
                sequence.endEarly();
            }
            if (!sequence.hasEnded() && sequence.pending() > 0 && room > 0) {
                int[] tokens = sequence.next(whole ? Integer.MAX_VALUE : room);
                chunks.add(new Decoder.Chunk(sequence.cache(), tokens, sequence.prompt().length));
                owners.add(sequence);
                room -= tokens.length;
            }
        }
        if (chunks.isEmpty()) {
            return;
        }
        float[] stream = decoder.prefill(chunks, null);
        int row = 0;
        for (int i = 0; i < chunks.size(); i++) {
            int tokens = chunks.get(i).tokens().length;
            row += tokens;
            promptTokens += tokens;
            Sequence sequence = owners.get(i);
            if (sequence.pending() == 0) {
                if (decoder.plan().sharesPrefixes() && !config.positionsDependOnLength()) {
                    caches.remember(sequence.prompt(), sequence.cache());
                }
                float[] logits = decoder.logits(stream, row - 1, 1);
                sequence.accept(logits, 0, vocabulary());
                generatedTokens++;
            }
        }
    }

    private void decode() {
        List<Sequence> live = running.stream()
                .filter(sequence -> !sequence.hasEnded() && sequence.pending() == 0).toList();
        if (live.isEmpty()) {
            return;
        }
        int[] tokens = live.stream().mapToInt(Sequence::last).toArray();
        float[] stream = decoder.decode(live.stream().map(Sequence::cache).toList(), tokens);
        float[] logits = decoder.logits(stream, 0, tokens.length);
        for (int i = 0; i < tokens.length; i++) {
            live.get(i).accept(logits, i * config.vocabulary(), vocabulary());
        }
        generatedTokens += tokens.length;
    }

    private int vocabulary() {
        return Math.min(settings.vocabulary(), config.vocabulary());
    }

    /** Takes out what ended, and pages that no query will read. */
    private void settle() {
        lock.lock();
        try {
            for (Iterator<Sequence> all = running.iterator(); all.hasNext(); ) {
                Sequence sequence = all.next();
                if (sequence.hasEnded()) {
                    all.remove();
                    count(sequence);
                } else {
                    decoder.release(sequence.cache());
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void count(Sequence sequence) {
        switch (sequence.reason()) {
            case STOP, LENGTH -> finished++;
            case CANCELLED, TIMEOUT -> cancelled++;
            case ERROR -> failed++;
        }
    }
}

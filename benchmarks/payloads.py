"""What Discord says, as plain JSON: the few objects of API v10 that a bot is shown here, no more than it reads of each.

Knows no sockets and keeps nothing but the count of ids.
"""

import itertools
import time
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

APPLICATION, BOT, GUILD, MODERATOR = 9_001, 9_002, 7_001, 8_001
ALL_PERMISSIONS = str((1 << 53) - 1)
LONG_AGO = "2026-01-01T00:00:00+00:00"
DISCORD_EPOCH_MS = 1_420_070_400_000
TEXT_CHANNEL, PUBLIC_THREAD = 0, 11
COMMAND, CLICK = 2, 3
BUTTON = 2

_numbers = itertools.count()


def snowflake() -> str:
    """Return an id that was never given before and tells its time, as Discord's do."""
    return str((int(time.time() * 1_000) - DISCORD_EPOCH_MS << 22) + next(_numbers) % (1 << 22))


def user(user_id: int) -> Json:
    return {
        "id": str(user_id),
        "username": f"invented-{user_id}",
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": user_id == BOT,
    }


def member(user_id: int) -> Json:
    return {
        "user": user(user_id),
        "roles": [],
        "joined_at": LONG_AGO,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "nick": None,
        "permissions": ALL_PERMISSIONS if user_id in {BOT, MODERATOR} else "0",
    }


def role(role_id: str, name: str, permissions: str) -> Json:
    return {
        "id": role_id,
        "name": name,
        "permissions": permissions,
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def channel(channel_id: str, wanted: Mapping[str, Any]) -> Json:
    """Return a channel as a bot asked for it."""
    return {
        "id": channel_id,
        "guild_id": str(GUILD),
        "type": wanted.get("type", TEXT_CHANNEL),
        "name": wanted["name"],
        "topic": wanted.get("topic"),
        "parent_id": wanted.get("parent_id"),
        "permission_overwrites": wanted.get("permission_overwrites", []),
        "position": 0,
        "nsfw": False,
        "flags": 0,
        "rate_limit_per_user": 0,
        "last_message_id": None,
    }


def thread(thread_id: str, parent_id: str, name: str) -> Json:
    return {
        **channel(thread_id, {"name": name, "type": PUBLIC_THREAD, "parent_id": parent_id}),
        "owner_id": str(BOT),
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
        "thread_metadata": {
            "archived": False,
            "locked": False,
            "auto_archive_duration": 10_080,
            "archive_timestamp": LONG_AGO,
        },
    }


def message(message_id: str, channel_id: str, sent: Mapping[str, Any]) -> Json:
    """Return a message of the bot's as it sent or edited it."""
    return {
        "id": message_id,
        "channel_id": channel_id,
        "author": user(BOT),
        "content": sent.get("content") or "",
        "components": _numbered(sent.get("components") or [], itertools.count(1)),
        "flags": sent.get("flags", 0),
        "embeds": [],
        "attachments": [],
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "timestamp": LONG_AGO,
        "edited_timestamp": None,
        "tts": False,
        "pinned": False,
        "type": 0,
    }


def guild(roles: list[Json], channels: list[Json], threads: list[Json]) -> Json:
    """Return a server as the gateway describes it to a bot that comes in."""
    return {
        "id": str(GUILD),
        "name": "An invented server",
        "owner_id": str(MODERATOR),
        "roles": roles,
        "channels": channels,
        "threads": threads,
        "members": [member(BOT)],
        "member_count": 2,
        "emojis": [],
        "stickers": [],
        "features": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "joined_at": LONG_AGO,
        "large": False,
        "unavailable": False,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "system_channel_flags": 0,
        "afk_timeout": 300,
        "preferred_locale": "en-US",
    }


def interaction(kind: int, user_id: int, at: Json, data: Json) -> Json:
    """Return what a person does in the channel `at`: a command or a click."""
    made = snowflake()
    return {
        "id": made,
        "token": f"token-{made}",
        "application_id": str(APPLICATION),
        "type": kind,
        "version": 1,
        "guild_id": str(GUILD),
        "guild": {"id": str(GUILD), "locale": "en-US", "features": []},
        "channel_id": at["id"],
        "channel": at,
        "member": member(user_id),
        "locale": "en-US",
        "guild_locale": "en-US",
        "app_permissions": ALL_PERMISSIONS,
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(GUILD)},
        "context": 0,
        "attachment_size_limit": 10 << 20,
        "data": data,
    }


def inside(components: list[Json]) -> Iterator[Json]:
    """Return every component of a message, at whatever depth."""
    for component in components:
        yield component
        yield from inside(component.get("components", []))


def _numbered(components: list[Json], numbers: Iterator[int]) -> list[Json]:
    """Return components with the ids that Discord gives those that have none."""
    return [
        {
            "id": next(numbers),
            **component,
            **({"components": _numbered(component["components"], numbers)} if "components" in component else {}),
        }
        for component in components
    ]
